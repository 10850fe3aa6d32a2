import hdf.hdf5lib.H5;
import hdf.hdf5lib.HDF5Constants;
import java.util.Arrays;

/**
 * Walks an HDF5 file through libhdf5-java, the library that HDFView stands on, and reads every attribute and
 * value.
 *
 * Prints one line for each object: "group KEY attributes=N" or "dataset KEY SHAPE class=N size=N
 * attributes=N". An object that cannot be read prints "unreadable KEY REASON" and makes the exit code 1.
 */
public class Walk {
    private static final long DEFAULT = HDF5Constants.H5P_DEFAULT;
    private static int unreadable = 0;

    public static void main(String[] arguments) throws Exception {
        int[] version = new int[3];
        H5.H5get_libversion(version);
        System.out.println("HDF5 " + version[0] + "." + version[1] + "." + version[2]);
        // For writing, as HDFView opens a file unless told otherwise.
        long file = H5.H5Fopen(arguments[0], HDF5Constants.H5F_ACC_RDWR, DEFAULT);
        visit(file, "/");
        H5.H5Fclose(file);
        System.exit(unreadable == 0 ? 0 : 1);
    }

    private static void visit(long file, String key) {
        try {
            long object = H5.H5Oopen(file, key, DEFAULT);
            boolean group = H5.H5Oget_info(object).type == HDF5Constants.H5O_TYPE_GROUP;
            int attributes = readAttributes(object);
            String shape = group ? "" : readDataset(object);
            System.out.println((group ? "group " : "dataset ") + key + shape + " attributes=" + attributes);
            if (group) {
                visitMembers(file, object, key);
            }
            H5.H5Oclose(object);
        } catch (Exception | OutOfMemoryError error) {
            unreadable++;
            System.out.println("unreadable " + key + " " + error);
        }
    }

    private static void visitMembers(long file, long group, String key) throws Exception {
        long members = H5.H5Gget_info(group).nlinks;
        for (long i = 0; i < members; i++) {
            String name = H5.H5Lget_name_by_idx(
                    group, ".", HDF5Constants.H5_INDEX_NAME, HDF5Constants.H5_ITER_INC, i, DEFAULT);
            visit(file, key.equals("/") ? "/" + name : key + "/" + name);
        }
    }

    /** Reads all values and describes the dataset. */
    private static String readDataset(long dataset) throws Exception {
        long type = H5.H5Dget_type(dataset);
        long space = H5.H5Dget_space(dataset);
        int elements = Math.toIntExact(H5.H5Sget_simple_extent_npoints(space));
        long[] shape = new long[H5.H5Sget_simple_extent_ndims(space)];
        if (shape.length > 0) {
            H5.H5Sget_simple_extent_dims(space, shape, null);
        }
        if (H5.H5Tget_class(type) == HDF5Constants.H5T_COMPOUND) {
            readMembers(dataset, type, elements);
        } else {
            read(dataset, type, type, elements);
        }
        String description = " " + Arrays.toString(shape)
                + " class=" + H5.H5Tget_class(type) + " size=" + H5.H5Tget_size(type);
        H5.H5Sclose(space);
        H5.H5Tclose(type);
        return description;
    }

    /** Reads a compound dataset one member at a time, as HDFView does: else there are no strings. */
    private static void readMembers(long dataset, long type, int elements) throws Exception {
        for (int i = 0; i < H5.H5Tget_nmembers(type); i++) {
            long member = H5.H5Tget_member_type(type, i);
            long alone = H5.H5Tcreate(HDF5Constants.H5T_COMPOUND, H5.H5Tget_size(member));
            H5.H5Tinsert(alone, H5.H5Tget_member_name(type, i), 0, member);
            read(dataset, alone, member, elements);
            H5.H5Tclose(alone);
            H5.H5Tclose(member);
        }
    }

    /** Reads all elements in the type of memory given, whose values are of the type value. */
    private static void read(long dataset, long memory, long value, int elements) throws Exception {
        int all = HDF5Constants.H5S_ALL;
        if (H5.H5Tis_variable_str(value)) {
            H5.H5Dread_VLStrings(dataset, memory, all, all, DEFAULT, new String[elements]);
        } else {
            H5.H5Dread(dataset, memory, all, all, DEFAULT, bytes(elements, memory));
        }
    }

    /** Reads all attributes and counts them. */
    private static int readAttributes(long object) throws Exception {
        int count = (int) H5.H5Oget_info(object).num_attrs;
        for (int i = 0; i < count; i++) {
            long attribute = H5.H5Aopen_by_idx(object, ".", HDF5Constants.H5_INDEX_NAME,
                    HDF5Constants.H5_ITER_INC, i, DEFAULT, DEFAULT);
            long type = H5.H5Aget_type(attribute);
            long space = H5.H5Aget_space(attribute);
            int elements = Math.toIntExact(H5.H5Sget_simple_extent_npoints(space));
            if (H5.H5Tget_class(type) == HDF5Constants.H5T_VLEN || H5.H5Tis_variable_str(type)) {
                H5.H5AreadVL(attribute, type, new String[elements]);
            } else {
                H5.H5Aread(attribute, type, bytes(elements, type));
            }
            H5.H5Sclose(space);
            H5.H5Tclose(type);
            H5.H5Aclose(attribute);
        }
        return count;
    }

    private static byte[] bytes(int elements, long type) throws Exception {
        return new byte[Math.multiplyExact(elements, Math.toIntExact(H5.H5Tget_size(type)))];
    }
}
